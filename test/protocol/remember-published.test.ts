import { expect, it } from "vitest";
import { rememberPublished } from "../../src/protocol/remember-published.js";
import { fakeAccount } from "../support/fake-account.js";

const { signal } = new AbortController();

it("asks once for each user's keys and for the backup, also where there is none", async () => {
  const asked: string[] = [];
  const account = rememberPublished(
    fakeAccount(
      { deviceKeys: {} },
      {
        queryKeys: async (userId) => {
          asked.push(userId);
          return { deviceKeys: { [userId]: {} } };
        },
        backupVersion: async () => {
          asked.push("backup");
          return undefined;
        },
      },
    ),
  );
  for (const userId of ["@a:example.org", "@b:example.org", "@a:example.org"]) {
    expect(await account.queryKeys(userId, signal)).toEqual({ deviceKeys: { [userId]: {} } });
    expect(await account.backupVersion(signal)).toBeUndefined();
  }
  expect(asked).toEqual(["@a:example.org", "backup", "@b:example.org"]);
});
