import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { openSecretStorageFrom } from "../../src/secret-storage/key-source.js";
import { expectFailure } from "../support/failures.js";
import { bundleOf, homeserverOf, newStoredKey, storedAccount } from "../support/secret-storage.js";
import { USER } from "../support/sessions.js";

const { signal } = new AbortController();
const account = storedAccount();
const homeserver = homeserverOf(account);

/** Gives one text after the other, and notes why it was asked again. */
function typing(...texts: readonly (string | Failure)[]) {
  const problems: (string | undefined)[] = [];
  const source = {
    attempts: 3,
    done: vi.fn(),
    async read(problem: Failure | undefined) {
      const text = texts[problems.length] ?? "";
      problems.push(problem?.code);
      if (text instanceof Failure) throw text;
      return new Secret(text);
    },
  };
  return { problems, source };
}

describe("a recovery key that is asked for", () => {
  it("may be mistyped, and is asked for again with the reason", async () => {
    const { problems, source } = typing("Es", newStoredKey().recoveryKey, account.recovery_key);
    const bundle = await openSecretStorageFrom(source, homeserver, USER, signal);
    expect(revealed(bundle)).toEqual(bundleOf(account));
    expect(problems).toEqual([undefined, "recovery_key_malformed", "recovery_key_wrong"]);
  });

  it("is asked for as often as the source allows", async () => {
    const { problems, source } = typing();
    const open = () => openSecretStorageFrom(source, homeserver, USER, signal);
    await expectFailure("recovery_key_malformed", open);
    expect(problems).toHaveLength(3);
    expect(source.done).toHaveBeenCalledOnce();
  });

  it("is not asked for again where it wouldn't help", async () => {
    const { problems, source } = typing(account.recovery_key);
    const away = { ...homeserver, queryKeys: () => Promise.reject(new Failure("network_error")) };
    await expectFailure("network_error", () => openSecretStorageFrom(source, away, USER, signal));
    expect(problems).toHaveLength(1);
    const refused = typing(new Failure("user_cancelled"));
    await expectFailure("user_cancelled", () =>
      openSecretStorageFrom(refused.source, homeserver, USER, signal),
    );
  });
});
