import * as v from "valibot";
import type { JsonObject, JsonValue } from "../../protocol/canonical-json.js";
import { json, matrixError } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import type { SessionStore } from "../oauth/sessions.js";
import type { Authenticate } from "./authentication.js";

/** A device of the account, with the keys that it uploaded. */
export interface Device {
  readonly deviceId: string;
  displayName?: string;
  deviceKeys?: JsonObject;
  readonly oneTimeKeys: Map<string, JsonValue>;
  readonly fallbackKeys: Map<string, JsonValue>;
}

export class DeviceStore {
  readonly #devices = new Map<string, Device>();

  /** A second session on a device ID that exists shares the device: MAS doesn't refuse it either. */
  add(deviceId: string, displayName?: string): Device {
    const known = this.#devices.get(deviceId);
    if (known) return known;
    const device: Device = {
      deviceId,
      ...(displayName !== undefined && { displayName }),
      oneTimeKeys: new Map(),
      fallbackKeys: new Map(),
    };
    this.#devices.set(deviceId, device);
    return device;
  }

  get(deviceId: string): Device | undefined {
    return this.#devices.get(deviceId);
  }

  remove(deviceId: string): void {
    this.#devices.delete(deviceId);
  }

  all(): Device[] {
    return [...this.#devices.values()];
  }
}

const DeviceUpdate = v.object({ display_name: v.optional(v.pipe(v.string(), v.maxLength(100))) });

/** Matrix specification, Client-Server API §Device Management and §Account management. */
export function deviceRoutes(
  userId: string,
  devices: DeviceStore,
  sessions: SessionStore,
  authenticate: Authenticate,
  /** The seeded session's device: the only one that can end by /logout. */
  seededDeviceId: string,
): Routes {
  const find = (deviceId: string) => {
    const device = devices.get(deviceId);
    if (!device) throw matrixError(404, "M_NOT_FOUND", "There is no such device.");
    return device;
  };

  return {
    "GET /_matrix/client/v3/account/whoami": (call) => {
      const { deviceId } = authenticate(call);
      return json(200, { user_id: userId, device_id: deviceId, is_guest: false });
    },

    "GET /_matrix/client/v3/devices": (call) => {
      authenticate(call);
      return json(200, { devices: devices.all().map(describe) });
    },

    "GET /_matrix/client/v3/devices/{deviceId}": (call) => {
      authenticate(call);
      return json(200, describe(find(call.param("deviceId"))));
    },

    "PUT /_matrix/client/v3/devices/{deviceId}": (call) => {
      authenticate(call);
      const device = find(call.param("deviceId"));
      const { display_name } = jsonBody(DeviceUpdate, call.body);
      if (display_name !== undefined) device.displayName = display_name;
      return json(200, {});
    },

    /** With the OAuth API, a device is removed by revoking its tokens; Synapse has no such endpoint then. */
    "DELETE /_matrix/client/v3/devices/{deviceId}": () => {
      throw matrixError(404, "M_UNRECOGNIZED", "Devices are removed by revoking their tokens.");
    },

    /**
     * Ends the seeded session, as if that had been made by password. A session of the device authorization
     * grant ends by RFC 7009 alone: MAS answers /logout with 401.
     */
    "POST /_matrix/client/v3/logout": (call) => {
      const session = authenticate(call);
      if (session.deviceId !== seededDeviceId) {
        throw matrixError(401, "M_UNKNOWN_TOKEN", "An OAuth session ends by revoking its token.");
      }
      if (sessions.end(session)) devices.remove(session.deviceId);
      return json(200, {});
    },
  };
}

function describe({ deviceId, displayName }: Device) {
  return { device_id: deviceId, display_name: displayName };
}
