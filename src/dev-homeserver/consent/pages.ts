import { createHash } from "node:crypto";
import type { Answer } from "../http/answers.js";
import { Html, html } from "./html.js";
import { STYLE } from "./style.js";

/** What a person on the consent page is told about the device that wants to sign in. */
export interface DeviceDescription {
  readonly clientName: string;
  readonly clientUri: string;
  readonly deviceId: string;
  readonly userCode: string;
}

/** Draws the pages of one homeserver. They need no script, and say so in their policy. */
export interface Pages {
  userCode(csrf: string, error?: string): Answer;
  signIn(csrf: string, userCode: string, error?: string): Answer;
  consent(csrf: string, userId: string, device: DeviceDescription): Answer;
  allowed(device: DeviceDescription): Answer;
  declined(device: DeviceDescription): Answer;
  notice(status: number, title: string, text: string): Answer;
}

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

const DEVICES = icon(
  html`<rect x="2.5" y="4" width="13" height="10" rx="1.5"/><path d="M6 18h6M9 14v4"/><rect x="14.5" y="9" width="7" height="12" rx="1.5"/><path d="M17.5 18.2h1"/>`,
);
const PERSON = icon(
  html`<circle cx="12" cy="8" r="3.75"/><path d="M4.75 20c.6-3.7 3.5-5.75 7.25-5.75S18.65 16.3 19.25 20"/>`,
);
const TICK = icon(html`<path d="m5 12.5 4.75 4.75L19.25 7.5"/>`);
const CROSS = icon(html`<path d="m6.5 6.5 11 11m0-11-11 11"/>`);

export function pagesOf(serverName: string): Pages {
  const page = (status: number, title: string, body: Html): Answer => ({
    status,
    headers: HEADERS,
    body: html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
<footer>Development homeserver <bdi>${serverName}</bdi></footer>
</body>
</html>
`.text,
  });

  return {
    userCode: (csrf, error) =>
      page(
        error === undefined ? 200 : 404,
        "Enter the code",
        html`${badge(DEVICES)}
<h1>Sign in another device</h1>
<p>Type the code that the other device shows.</p>
${alert(error)}
<form method="post" action="/link">
${hidden("csrf", csrf)}
<label for="code">Code</label>
<input class="user-code" id="code" name="code" required autofocus autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="32" placeholder="XXXX-XXXX">
<div class="actions"><button class="primary" type="submit">Continue</button></div>
</form>`,
      ),

    signIn: (csrf, userCode, error) =>
      page(
        error === undefined ? 200 : 403,
        "Sign in",
        html`${badge(PERSON)}
<h1>Sign in first</h1>
<p>Only then can you let another device in.</p>
${alert(error)}
<form method="post" action="/link/sign-in">
${hidden("csrf", csrf)}
${hidden("code", userCode)}
<label for="username">User name</label>
<input id="username" name="username" required autofocus autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password">
<div class="actions"><button class="primary" type="submit">Sign in</button></div>
</form>`,
      ),

    consent: (csrf, userId, device) =>
      page(
        200,
        "Approve this device?",
        html`${badge(DEVICES)}
<h1>Sign in another device?</h1>
<p>It will have access to your account <strong><bdi>${userId}</bdi></strong>.</p>
<dl class="code"><dt>Code on the other device</dt><dd>${device.userCode}</dd></dl>
<dl class="details">
<div><dt>Name</dt><dd><bdi>${device.clientName}</bdi></dd></div>
<div><dt>Website</dt><dd><bdi>${device.clientUri}</bdi></dd></div>
<div><dt>Device ID</dt><dd><bdi>${device.deviceId}</bdi></dd></div>
</dl>
<p class="note"><strong>Another device is being signed in.</strong> Approve it only if you started this yourself and the device in front of you shows the same code. If somebody asked you to open this page, decline.</p>
<form method="post" action="/link/decision">
${hidden("csrf", csrf)}
${hidden("code", device.userCode)}
<div class="actions">
<button type="submit" name="action" value="decline">Decline</button>
<button class="primary" type="submit" name="action" value="allow">Approve</button>
</div>
</form>`,
      ),

    allowed: (device) =>
      page(
        200,
        "Device approved",
        html`${badge(TICK)}
<h1>Device approved</h1>
<p><strong><bdi>${device.clientName}</bdi></strong> is being signed in. Go on there; you can close this page.</p>`,
      ),

    declined: (device) =>
      page(
        200,
        "Device declined",
        html`${badge(CROSS, "bad")}
<h1>Device declined</h1>
<p><strong><bdi>${device.clientName}</bdi></strong> was not signed in. You can close this page.</p>`,
      ),

    notice: (status, title, text) =>
      page(
        status,
        title,
        html`${badge(CROSS, "bad")}
<h1>${title}</h1>
<p>${text}</p>`,
      ),
  };
}

function icon(shapes: Html): Html {
  return html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shapes}</svg>`;
}

function badge(content: Html, kind = ""): Html {
  return html`<div class="badge ${kind}">${content}</div>`;
}

function alert(error: string | undefined): Html | undefined {
  return error === undefined ? undefined : html`<p class="error" role="alert">${error}</p>`;
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}
