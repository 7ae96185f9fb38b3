import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const WHOAMI = "/_matrix/client/v3/account/whoami";
const AT_ONCE = 2;
/** Before a proxy that isn't there is asked again, in milliseconds. */
const PAUSE_MS = 20;

/**
 * Asks a proxy as fast as it answers.
 *
 * @param ready what it told
 * @returns what ends that, and gives the statuses that were answered
 */
export async function putUnderLoad(ready: {
  readonly base_url: string;
  readonly token_file: string;
}): Promise<() => Promise<number[]>> {
  const token = (await readFile(ready.token_file, "utf8")).trim();
  const headers = { authorization: `Bearer ${token}` };
  const statuses = new Set<number>();
  let isOver = false;
  const load = async () => {
    while (!isOver) {
      try {
        const answer = await fetch(`${ready.base_url}${WHOAMI}`, { headers });
        await answer.arrayBuffer();
        statuses.add(answer.status);
      } catch {
        await sleep(PAUSE_MS);
      }
    }
  };
  const loading = Promise.all(Array.from({ length: AT_ONCE }, load));
  return async () => {
    isOver = true;
    await loading;
    return [...statuses];
  };
}
