import type { Target } from "./target.js";
import { channelTargets } from "./targets/channels.js";
import { checkCodeTargets } from "./targets/check-codes.js";
import { httpAnswerTargets } from "./targets/http-answers.js";
import { messageTargets } from "./targets/messages.js";
import { nameTargets } from "./targets/names.js";
import { pictureTargets } from "./targets/pictures.js";
import { qrCodeTargets } from "./targets/qr-codes.js";
import { secretStorageTargets } from "./targets/secret-storage.js";
import { sessionTargets } from "./targets/sessions.js";
import { textTargets } from "./targets/texts.js";

/** By the name under which `npm run fuzz` takes them. */
export const ALL_TARGETS: Readonly<Record<string, readonly Target[]>> = {
  "qr-codes": qrCodeTargets,
  messages: messageTargets,
  channels: channelTargets,
  "http-answers": httpAnswerTargets,
  sessions: sessionTargets,
  "secret-storage": secretStorageTargets,
  "check-codes": checkCodeTargets,
  names: nameTargets,
  texts: textTargets,
  pictures: pictureTargets,
};
