import type { Rate } from "../../registry/buckets.ts";
import type { LimitSettings as ServerLimits } from "../../server/limits.ts";
import type { ConfigReader } from "./config/reader.ts";

/** The block `limits`; what is undefined has no limit. */
export interface LimitSettings extends ServerLimits {
  /** Failed logins a minute of one address. */
  readonly logins: number | undefined;
  /** How long an upload may bring nothing, in ms. */
  readonly stall: number;
}

/** Far more than anybody needs who does not guess; at cost 10 they take some four seconds of a minute. */
const usualLogins = 60;
/** Each may hold a file and some 2 MB of memory. */
const usualUploads = 1000;
/** In seconds: so much of a rate may come at once, as a client's first requests do. */
const usualBurst = 10;

/** 0 is no limit, everywhere. @throws ChartroomError `usage` */
export function limitSettings(config: ConfigReader): LimitSettings {
  const burst = config.integer("limits.requests.burst");
  const rate = (path: string): Rate | undefined => {
    const perSecond = config.integer(path) ?? 0;
    return perSecond === 0 ? undefined : { perSecond, burst: burst || perSecond * usualBurst };
  };
  const limit = (path: string, usual = 0) => (config.integer(path) ?? usual) || undefined;
  return {
    address: rate("limits.requests.address"),
    user: rate("limits.requests.user"),
    uploads: { total: limit("limits.uploads.total", usualUploads), each: limit("limits.uploads.user") },
    logins: limit("limits.logins", usualLogins),
    stall: config.wait("limits.stall") || 60_000,
  };
}
