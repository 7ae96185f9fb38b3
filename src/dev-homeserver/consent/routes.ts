import * as v from "valibot";
import { type Answer, Refusal } from "../http/answers.js";
import { formBody } from "../http/bodies.js";
import { isSameText } from "../http/is-same-text.js";
import type { Call, Routes } from "../http/router.js";
import type { DeviceAuthorization, DeviceAuthorizationStore } from "../oauth/device-authorizations.js";
import type { Browser, BrowserSessions } from "./browser-sessions.js";
import type { DeviceDescription, Pages } from "./pages.js";

/** A form without a token is refused like one with a wrong token. */
const Token = v.optional(v.string(), "");
const CodeForm = v.object({ csrf: Token, code: v.string() });
const SignInForm = v.object({
  csrf: Token,
  code: v.string(),
  username: v.string(),
  password: v.string(),
});
const DecisionForm = v.object({
  csrf: Token,
  code: v.string(),
  action: v.picklist(["allow", "decline"]),
});

const CODE_UNKNOWN = "There is no such code, or it has expired.";

export interface Account {
  readonly userId: string;
  readonly localpart: string;
  readonly password: string;
}

/** The consent page: what `verification_uri` and `verification_uri_complete` lead to (RFC 8628 §3.3). */
export function consentRoutes(
  account: Account,
  authorizations: DeviceAuthorizationStore,
  browsers: BrowserSessions,
  pages: Pages,
): Routes {
  const withCookie = (browser: Browser, answer: Answer): Answer => ({
    ...answer,
    headers: { ...answer.headers, ...browsers.setCookie(browser) },
  });

  /** The browser and the fields of a form that this server made for it. */
  const formOf = <const Schema extends v.GenericSchema<unknown, { readonly csrf: string }>>(
    schema: Schema,
    call: Call,
  ) => {
    const form = formBody(schema, call.body);
    const browser = browsers.of(call.headers);
    if (!browsers.isOwnForm(browser, form.csrf)) {
      const text = "It was not opened in this browser, or too long ago. Open the link again.";
      throw new Refusal(pages.notice(403, "This page can't be used", text));
    }
    return { browser, form };
  };

  const isAccount = (username: string, password: string) => {
    const name = username.trim();
    return (name === account.localpart || name === account.userId) && isSameText(password, account.password);
  };

  const broken = pages.notice(500, "Something went wrong", "The device ID is too short.");

  return {
    "GET /link": (call) => {
      const browser = browsers.of(call.headers);
      const code = call.query.get("code");
      if (code === null) return withCookie(browser, pages.userCode(browser.csrf));
      const authorization = authorizations.findByUserCode(code);
      if (!authorization || !authorizations.visit(authorization)) {
        return withCookie(browser, pages.userCode(browser.csrf, CODE_UNKNOWN));
      }
      if (!browser.signedIn) return withCookie(browser, pages.signIn(browser.csrf, authorization.userCode));
      if (!authorization.scope.isConsentable) return broken;
      const device = describe(authorization);
      if (authorization.decision === "allow") return pages.allowed(device);
      if (authorization.decision === "deny") return pages.declined(device);
      return withCookie(browser, pages.consent(browser.csrf, account.userId, device));
    },

    "POST /link": (call) => {
      const { form } = formOf(CodeForm, call);
      return seeOther(form.code);
    },

    "POST /link/sign-in": (call) => {
      const { browser, form } = formOf(SignInForm, call);
      if (!isAccount(form.username, form.password)) {
        return withCookie(browser, pages.signIn(browser.csrf, form.code, "Wrong user name or password."));
      }
      return withCookie(browsers.signIn(), seeOther(form.code));
    },

    "POST /link/decision": (call) => {
      const { browser, form } = formOf(DecisionForm, call);
      const authorization = authorizations.findByUserCode(form.code);
      if (!authorization) return pages.userCode(browser.csrf, CODE_UNKNOWN);
      if (browser.signedIn) {
        authorizations.decide(authorization, form.action === "allow" ? "allow" : "deny");
      }
      return seeOther(form.code);
    },
  };
}

/** Pages that other endpoints send people to, and that say what isn't there. */
export function noticeRoutes(pages: Pages): Routes {
  return {
    "GET /authorize": () =>
      pages.notice(
        501,
        "Not supported here",
        "This development homeserver signs devices in only by the device authorization grant.",
      ),
    "GET /account": () =>
      pages.notice(
        501,
        "Not supported here",
        "This development homeserver has no account page. Start it again for a fresh account.",
      ),
  };
}

function describe({ client, scope, userCode }: DeviceAuthorization): DeviceDescription {
  const { client_name, client_uri } = client.metadata;
  return {
    clientName: client_name ?? client.clientId,
    clientUri: new URL(client_uri).host,
    deviceId: scope.deviceId,
    userCode,
  };
}

/** On to the page of a user code, so that reloading it sends no form again. */
function seeOther(userCode: string): Answer {
  const location = `/link?${new URLSearchParams({ code: userCode })}`;
  return { status: 303, headers: { location, "cache-control": "no-store" }, body: "" };
}
