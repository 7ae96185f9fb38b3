import type { Intent } from "../../src/foundation/events.js";
import { atMost, type Line, type Measured, ratioAtMost } from "./line.js";
import { busiestRate, refusedByTuwunel, rendezvousRequests, TUWUNEL } from "./requests.js";
import type { BenchOptions } from "./rows.js";
import { titleOf } from "./rust-peers.js";
import { runSignIn, SDK, type SignIn, type SignInOptions, type Subject } from "./sign-in-run.js";
import { figuresOf } from "./statistics.js";

/** Round trips in milliseconds, how often each is run, and the targets beside matrix-sdk. */
const DISTANCES = [
  { roundTripMs: 0, times: 9, bound: 0.2 },
  { roundTripMs: 100, times: 5, bound: 0.45 },
  { roundTripMs: 300, times: 3, bound: undefined },
] as const;
type Distance = (typeof DISTANCES)[number];

const ROLES: readonly Intent[] = ["new", "existing"];
const VERSIONS = { msc4388: "MSC4388", "msc4108-2024": "2024" } as const;
const OWN = ["msc4388", "msc4108-2024"] as const satisfies readonly Subject[];

/** What test/sign-in/request-order.test.ts allows: 26 that are needed, and 20 looks of each device. */
const MOST_REQUESTS = 66;

/** The runs of one subject over one distance, by which device shows the code. */
type Runs = Readonly<Record<Intent, readonly SignIn[]>>;

export async function signIns({ times, progress }: BenchOptions): Promise<readonly Measured[]> {
  const lacking = SDK.missing;
  const subjects: readonly Subject[] = lacking === undefined ? [...OWN, "matrix-sdk"] : OWN;
  const lines: Line[] = [];
  const requests: Line[] = [];
  const own: Record<(typeof OWN)[number], SignIn[]> = { msc4388: [], "msc4108-2024": [] };
  for (const distance of DISTANCES) {
    progress(`${distance.roundTripMs} ms`);
    const run = (options: SignInOptions) => twice(() => runSignIn(options), progress);
    const runs = await runAll(subjects, distance, times ?? distance.times, run);
    for (const version of OWN) {
      lines.push(...ROLES.map((role) => timeLine(version, role, distance, runs)));
      requests.push(requestsLine(version, distance, runs));
      own[version].push(...both(runs[version]));
    }
  }
  const rates = OWN.flatMap((version) => rateLines(version, own[version]));
  const all = [...lines, ...requests, ...rates];
  return lacking === undefined ? all : [...all, { what: titleOf(SDK), because: lacking }];
}

/** In turns, so that what else the machine does meets all alike. */
async function runAll(
  subjects: readonly Subject[],
  { roundTripMs }: Distance,
  times: number,
  run: (options: SignInOptions) => Promise<SignIn>,
) {
  const runs: Record<Subject, Record<Intent, SignIn[]>> = {
    msc4388: { new: [], existing: [] },
    "msc4108-2024": { new: [], existing: [] },
    "matrix-sdk": { new: [], existing: [] },
  };
  for (let time = 0; time < times; time++) {
    for (const subject of subjects) {
      for (const role of ROLES) runs[subject][role].push(await run({ subject, role, roundTripMs }));
    }
  }
  return runs;
}

/** Of hundreds of processes one may get stuck, which is said, and no reason to lose the others. */
async function twice<T>(work: () => Promise<T>, progress: (what: string) => void): Promise<T> {
  try {
    return await work();
  } catch (error) {
    progress(`once more, since ${error instanceof Error ? error.message : error}`);
    return work();
  }
}

type AllRuns = Awaited<ReturnType<typeof runAll>>;

const both = (runs: Runs): readonly SignIn[] => ROLES.flatMap((role) => runs[role]);

function timeLine(
  version: (typeof OWN)[number],
  role: Intent,
  { roundTripMs, bound }: Distance,
  runs: AllRuns,
): Line {
  const msOf = (signIns: readonly SignIn[]) => figuresOf(signIns.map(({ ms }) => ms));
  const own = msOf(runs[version][role]);
  const theirs = runs["matrix-sdk"][role];
  const line: Line = {
    what: `sign-in at ${roundTripMs} ms round trip, ${VERSIONS[version]}, ${role} device shows the code`,
    unit: "ms",
    own,
  };
  if (theirs.length === 0) return line;
  const figures = msOf(theirs);
  return {
    ...line,
    beside: { name: titleOf(SDK), figures },
    ...(bound !== undefined && { target: ratioAtMost(bound, own, figures) }),
  };
}

/** Either way round: it makes hardly a difference. */
function requestsLine(version: (typeof OWN)[number], { roundTripMs }: Distance, runs: AllRuns): Line {
  const countOf = (signIns: readonly SignIn[]) => figuresOf(signIns.map(({ asked }) => asked.length));
  const own = countOf(both(runs[version]));
  const theirs = both(runs["matrix-sdk"]);
  return {
    what: `requests of both devices in it, at ${roundTripMs} ms, ${VERSIONS[version]}`,
    unit: "requests",
    own,
    target: atMost(MOST_REQUESTS, "requests", own.high),
    ...(theirs.length > 0 && { beside: { name: titleOf(SDK), figures: countOf(theirs) } }),
  };
}

/** What the two of them ask for of a server that may take both for one address, and limit its rate. */
function rateLines(version: (typeof OWN)[number], signIns: readonly SignIn[]): readonly Line[] {
  const asked = signIns.map((run) => rendezvousRequests(run.asked));
  const rate = figuresOf(asked.map(busiestRate));
  return [
    {
      what: `rendezvous requests of both in a second, over ten after the first 20, ${VERSIONS[version]}`,
      unit: "requests",
      own: rate,
      target: atMost(TUWUNEL.perSecond, "requests", rate.high),
    },
    {
      what: `of these, what Tuwunel would refuse at first, ${VERSIONS[version]}`,
      unit: "requests",
      own: figuresOf(asked.map(refusedByTuwunel)),
    },
  ];
}
