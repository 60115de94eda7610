import { Buckets, type Rate } from "../registry/buckets.ts";
import { type Fault, RegistryError } from "../registry/errors.ts";
import { networkOf } from "../registry/network.ts";

/** What is taken at most; what is undefined has no limit. */
export interface LimitSettings {
  /** Requests of one address. */
  readonly address: Rate | undefined;
  /** Requests of one user. */
  readonly user: Rate | undefined;
  /** Uploads under way: of all, and of one user, or of one address where nobody logged in. */
  readonly uploads: { readonly total: number | undefined; readonly each: number | undefined };
}

/** In ms: uploads end at any time, and nobody knows when. */
const uploadWait = 5000;

/** Turns away who asks too often, or for too much at once, before any work is done for him. */
export class Limits {
  readonly #addresses: Buckets | undefined;
  readonly #users: Buckets | undefined;
  readonly #uploads: LimitSettings["uploads"];
  readonly #underWay = new Map<string, number>();
  #total = 0;

  /** @param now milliseconds that only go forward */
  constructor({ address, user, uploads }: LimitSettings, now: () => number) {
    this.#addresses = address && new Buckets(address, now);
    this.#users = user && new Buckets(user, now);
    this.#uploads = uploads;
  }

  /** A request came from an address, which is asked for where it matters. @throws RegistryError `requestsTooMany` */
  fromAddress(from: { readonly address: string | undefined }): void {
    if (this.#addresses === undefined) return;
    const { address } = from;
    if (address !== undefined) take(this.#addresses, networkOf(address));
  }

  /** It is a user's. @throws RegistryError `requestsTooMany` */
  byUser(user: string | undefined): void {
    if (user !== undefined) take(this.#users, user);
  }

  /**
   * It brings an upload's bytes.
   * @returns what is to be called when it is through
   * @throws RegistryError `requestsTooMany`, `uploadsTooMany`
   */
  upload(user: string | undefined, address: string | undefined): () => void {
    const { total = Number.POSITIVE_INFINITY, each = Number.POSITIVE_INFINITY } = this.#uploads;
    const who = user === undefined ? networkOf(address ?? "") : `user ${user}`;
    const count = this.#underWay.get(who) ?? 0;
    if (count >= each)
      throw tooMany("requestsTooMany", "you have too many uploads under way; let some end", uploadWait);
    if (this.#total >= total)
      throw tooMany("uploadsTooMany", "too many uploads are under way; try again in a moment", uploadWait);
    this.#total++;
    this.#underWay.set(who, count + 1);
    return () => {
      this.#total--;
      const left = (this.#underWay.get(who) ?? 1) - 1;
      if (left > 0) this.#underWay.set(who, left);
      else this.#underWay.delete(who);
    };
  }
}

function take(buckets: Buckets | undefined, name: string): void {
  const wait = buckets?.take(name) ?? 0;
  if (wait > 0) throw tooMany("requestsTooMany", "too many requests; try again in a moment", wait);
}

const tooMany = (fault: Fault, message: string, retryAfter: number): RegistryError =>
  new RegistryError(fault, { message, retryAfter });
