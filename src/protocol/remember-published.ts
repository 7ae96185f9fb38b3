import type { AccountHomeserver, PublishedKeys } from "./homeserver.js";

/**
 * The same account, which is asked only once for its published keys and for its key backup, unless that failed: what
 * comes out of secret storage is held to both, and again where the account's secrets are checked, wherever they came
 * from.
 *
 * @param account a plain object of functions
 */
export function rememberPublished(account: AccountHomeserver): AccountHomeserver {
  const keys = new Map<string, Promise<PublishedKeys>>();
  let backup: ReturnType<AccountHomeserver["backupVersion"]> | undefined;
  return {
    ...account,
    queryKeys(userId, signal) {
      const asked = keys.get(userId) ?? account.queryKeys(userId, signal);
      keys.set(userId, asked);
      asked.catch(() => keys.delete(userId));
      return asked;
    },
    backupVersion(signal) {
      const asked = backup ?? account.backupVersion(signal);
      backup = asked;
      asked.catch(() => {
        backup = undefined;
      });
      return asked;
    },
  };
}
