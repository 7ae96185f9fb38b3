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

it("asks again after a failure, which is told to whoever asked", async () => {
  const failure = new Error("no answer");
  const [keys, backups] = [
    [failure, { deviceKeys: {} }],
    [failure, undefined],
  ];
  const next = (answers: unknown[]) => async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer as never;
  };
  const changes = { queryKeys: next(keys), backupVersion: next(backups) };
  const account = rememberPublished(fakeAccount({ deviceKeys: {} }, changes));
  await expect(account.queryKeys("@a:example.org", signal)).rejects.toBe(failure);
  await expect(account.backupVersion(signal)).rejects.toBe(failure);
  expect(await account.queryKeys("@a:example.org", signal)).toEqual({ deviceKeys: {} });
  expect(await account.backupVersion(signal)).toBeUndefined();
});
