import type { ChannelVersion, Intent, LoginEvent, Verification } from "../foundation/events.js";
import { shellWord } from "../foundation/shell-word.js";
import { isForThisMachine } from "../sign-in/suspicious-link.js";
import { whole } from "./line.js";

/** How this program is started again from a shell in any folder, and what names a session there. */
export interface OwnCommands {
  readonly program: string;
  /** @param path of the session's file */
  session(path: string): string;
}

export const INSTALLED: OwnCommands = {
  program: "matrix-qr-login",
  session: (path) => shellWord(whole(path)),
};

/** What earlier events have told, as far as later ones are worded by it. */
export interface Scene {
  readonly role: Intent;
  /** The channels a QR code was shown for: none on the side that scans. */
  readonly shown: readonly ChannelVersion[];
  /** No other device helps with this sign-in. */
  readonly alone: boolean;
  /** Names what the protocol calls things, too. */
  readonly verbose?: boolean;
  /** Absent where the session is gone when somebody could go on with it. */
  readonly commands?: OwnCommands | undefined;
  /** Where the rendezvous session of the codes is. */
  readonly connectedTo?: string;
  /** The code that this side shows, until it was typed on the other one. */
  readonly checkCode?: string;
  /** Whether the code of the other device was asked for: it is asked for again where it was mistyped. */
  readonly askedForCode?: boolean;
  /** A page that is of no use before the check code was typed. */
  readonly held?: Verification;
  /** The page to approve it on is a server's on this machine, which no other device reaches. */
  readonly pageIsHere?: boolean;
  /** How far a sign-in has come. */
  readonly reached?: "started" | "page" | "signed_in";
}

export const OPENING: Scene = { role: "new", shown: [], alone: false, commands: INSTALLED };

/** The scene after an event. */
export function nextScene(scene: Scene, event: LoginEvent): Scene {
  switch (event.event) {
    case "started":
      return { ...scene, role: event.role, alone: event.alone === true, reached: "started" };
    case "rendezvous_created":
      return { ...scene, connectedTo: event.base_url };
    case "qr":
      return { ...scene, shown: [...new Set([...scene.shown, event.channel])] };
    case "check_code":
      return { ...scene, checkCode: event.check_code };
    case "check_code_required":
      return { ...scene, askedForCode: true };
    case "verification":
      return {
        ...scene,
        reached: "page",
        pageIsHere: isForThisMachine(event.verification_uri),
        ...(isHeld(scene) ? { held: event } : {}),
      };
    case "waiting_for_consent": {
      const { held, checkCode, ...rest } = scene;
      return rest;
    }
    case "signed_in":
    case "device_online":
      return { ...scene, reached: "signed_in" };
    default:
      return scene;
  }
}

/**
 * A new device that scans has the page before anybody typed its code on the other one, which opens that page only then:
 * until that is done, the code is all that matters.
 */
export function isHeld({ role, alone, shown }: Scene): boolean {
  return role === "new" && !alone && shown.length === 0;
}

/** Whether a link is for whoever reads it here, who may want it on a phone, and a code of it large. */
export function drawsLink(event: LoginEvent, scene: Scene): event is Verification {
  return event.event === "verification" && scene.role === "new" && scene.alone;
}
