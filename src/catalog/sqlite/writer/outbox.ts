import { ChartroomError } from "../../../oci/errors.ts";
import { giveWay } from "../../../oci/giveWay.ts";
import { CatalogFailed, CatalogFull } from "../../catalog.ts";
import type { Command, Outcome } from "../../command.ts";
import { type Failure, isLasting, type Reply } from "./messages.ts";
import type { Writer } from "./thread.ts";

/** How much may wait for the writer, what is with it included. */
export interface OutboxLimits {
  readonly commands: number;
  /** Bytes of manifests. */
  readonly bytes: number;
}

interface Waiting {
  readonly command: Command;
  readonly bytes: number;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/**
 * Commands on their way to the writer. What comes in while the writer is at a batch is the next batch, so that one fsync
 * serves as many as wait for it.
 */
export class Outbox {
  readonly #writer: Writer;
  readonly #limits: OutboxLimits;
  #waiting: Waiting[] = [];
  #commands = 0;
  #bytes = 0;
  /** The loop that empties the outbox, while it runs. */
  #emptying: Promise<void> | undefined;
  #closed = false;

  constructor(writer: Writer, limits: OutboxLimits) {
    this.#writer = writer;
    this.#limits = limits;
  }

  /**
   * Send a command; its bytes are copied now. Gives the outcome once it is durable.
   * @throws ChartroomError `busy` when too much waits already, `storage` when the writer cannot write or is closed
   */
  send(command: Command): Promise<Outcome> {
    const bytes = command.kind === "put-manifest" ? command.bytes.byteLength : 0;
    if (this.#closed) return Promise.reject(cannotWrite({ message: "it is closed", code: undefined }));
    if (this.#commands >= this.#limits.commands || this.#bytes + bytes > this.#limits.bytes)
      return Promise.reject(
        new ChartroomError("busy", "Cannot write to the catalog: too much waits to be written", {
          hint: "Try again in a moment.",
        }),
      );
    this.#commands++;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command: withOwnBytes(command), bytes, resolve, reject });
      this.#emptying ??= this.#empty();
    });
  }

  /** Commands that wait, what is with the writer included. */
  get waiting(): number {
    return this.#commands;
  }

  /** Refuse what comes from now on, and wait until the writer has done the rest. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#emptying;
  }

  async #empty(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Requests of this turn of the loop, and those that the last answers set free, join the batch.
      await giveWay();
      const batch = this.#waiting;
      this.#waiting = [];
      const commands = batch.map(({ command }) => command);
      settle(batch, await this.#writer.ask({ kind: "apply", commands }, commands.flatMap(buffersOf)));
      this.#commands -= batch.length;
      for (const { bytes } of batch) this.#bytes -= bytes;
    }
    this.#emptying = undefined;
  }
}

function settle(batch: readonly Waiting[], reply: Reply): void {
  for (const [at, { resolve, reject }] of batch.entries()) {
    const result = reply.kind === "failed" ? reply : reply.results[at]!;
    if ("failure" in result) reject(cannotWrite(result.failure));
    else resolve(result.outcome);
  }
}

/** A manifest's bytes travel by transfer, which empties their buffer: so it is one that nobody else has. */
const withOwnBytes = (command: Command): Command =>
  command.kind === "put-manifest" ? { ...command, bytes: new Uint8Array(command.bytes) } : command;

const buffersOf = (command: Command): ArrayBuffer[] =>
  command.kind === "put-manifest" ? [command.bytes.buffer as ArrayBuffer] : [];

/** The error of a write that did not happen, or of which nobody knows whether it did. */
export function cannotWrite(failure: Failure): ChartroomError {
  const { message, code } = failure;
  const says = `Cannot write to the catalog: ${message}${code === undefined ? "" : ` (${code})`}`;
  if (code === "SQLITE_FULL")
    return new CatalogFull("storage", says, { hint: "Free some space; nothing was lost." });
  if (isLasting(failure))
    return new CatalogFailed("storage", says, {
      hint: "Look after the disk, then start chartroom again: until then nothing is written.",
    });
  return new ChartroomError("storage", says);
}
