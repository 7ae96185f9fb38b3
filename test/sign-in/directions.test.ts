import { describe, expect, it } from "vitest";
import type { Dialect, Intent, LoginEvent } from "../../src/foundation/events.js";
import { DIALECTS } from "../../src/protocol/dialects.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import { MemoryHomeserver, NEW_DEVICE } from "../support/memory-homeserver.js";
import { ExistingRole, NewRole, namesOf, receiveProtocols, sendProtocols } from "../support/roles.js";
import { meeting } from "../support/scanned-code.js";
import { USER } from "../support/sessions.js";

/** From the QR code to the end, on both devices: G speaks one dialect, S finds out which. */
async function signIn(intent: Intent, dialect: Dialect) {
  const both = meeting();
  const { clock, g, s, shown } = both;
  // The older release computes another code, which S shows beside its own.
  const typed = async () => {
    const { check_code, alternative = check_code } = await shown();
    return dialect === "vodozemac-0.11.0" ? alternative : check_code;
  };
  const meet = async <G extends Intent, S extends Intent>(generating: G) => {
    const changes = { intent: generating, dialect, confirmation: byTypedCode(typed, 1) };
    const met = Promise.all([both.generate<G>(changes), both.scan<S>()]);
    const [gEnd, sEnd] = await clock.runUntil(met);
    if (!("result" in gEnd && "result" in sEnd)) throw gEnd.failure ?? sEnd.failure;
    return [gEnd.result, sEnd.result] as const;
  };

  const homeserver = new MemoryHomeserver(clock);
  const newRole = new NewRole(homeserver, { emit: (intent === "new" ? g : s).world.emit });
  const existingRole = new ExistingRole(homeserver, { emit: (intent === "new" ? s : g).world.emit });
  const roles = async () => {
    if (intent === "new") {
      const [gChannel, sChannel] = await meet<"new", "existing">("new");
      return [newRole.run(gChannel, receiveProtocols), existingRole.run(sChannel, sendProtocols)];
    }
    const [gChannel, sChannel] = await meet<"existing", "new">("existing");
    return [newRole.run(sChannel), existingRole.run(gChannel)];
  };
  const ends = await clock.runUntil(Promise.all(await roles()));
  return { ...both, ends, newRole };
}

const find = <Name extends LoginEvent["event"]>(events: readonly LoginEvent[], name: Name) =>
  events.find((event): event is Extract<LoginEvent, { event: Name }> => event.event === name);

const NEW_EVENTS = [
  "homeserver",
  "verification",
  "waiting_for_consent",
  "signed_in",
  "secrets_received",
  "verified",
];
const EXISTING_EVENTS = ["verification", "browser", "device_online", "secrets_sent"];
const dialects = Object.keys(DIALECTS) as Dialect[];
const directions = dialects.flatMap((dialect) => [["new", dialect] as const, ["existing", dialect] as const]);

describe.each(directions)("a code of the %s device, in the dialect %s", (intent, dialect) => {
  it("signs the new device in, over real cryptography from the code to the secrets", async () => {
    const { ends, newRole, g, s, rendezvous } = await signIn(intent, dialect);
    expect(ends).toEqual([
      { result: { userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" } },
      { result: { deviceId: NEW_DEVICE } },
    ]);
    expect(newRole.file.content?.state).toBe("complete");

    const [gEvents, sEvents] =
      intent === "new" ? [NEW_EVENTS, EXISTING_EVENTS] : [EXISTING_EVENTS, NEW_EVENTS];
    expect(namesOf(g.events)).toEqual([
      "rendezvous_created",
      "qr",
      "check_code_required",
      "secure_channel",
      ...gEvents,
    ]);
    expect(namesOf(s.events)).toEqual(["scanned", "secure_channel", "check_code", ...sEvents]);
    expect(find(g.events, "secure_channel")).toEqual({
      event: "secure_channel",
      channel: "msc4388",
      dialect,
    });
    expect(find(s.events, "secure_channel")?.dialect).toBe(dialect === "msc" ? "msc" : "vodozemac-0.11.1");

    const [newName, existingName] = intent === "new" ? ["g", "s"] : ["s", "g"];
    expect(rendezvous.written(newName).at(-1)).toBe(`${newName} DELETE`);
    expect(rendezvous.written(existingName)).not.toContain(`${existingName} DELETE`);
    expect(rendezvous.store.live()).toEqual([]);
  });
});
