import { RegistryError } from "./errors.ts";

/** Somebody asks for too much just now. */
export class TooMany extends RegistryError {
  /** In how many seconds it is worth to ask again. */
  readonly retryAfter: number;

  /** @param wait in ms */
  constructor(fault: "requestsTooMany" | "uploadsTooMany", message: string, wait: number) {
    super(fault, { message });
    this.retryAfter = Math.max(1, Math.ceil(wait / 1000));
  }
}
