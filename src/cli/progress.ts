import type { CopyProgress } from "../oci/copy.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { shortHex } from "../oci/digest.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { sizeInWords } from "./words.ts";

/** Nothing is drawn before a transfer has taken this long: a quick one should just be done. */
const patience = 1000;
/** How often the line on a terminal is drawn again, in ms. */
const interval = 100;

/** Progress of one copy, or of several at once. */
export interface Progress extends CopyProgress {
  /** Take the live line away for a line of another kind; it is drawn again while something is under way. */
  clear(): void;
  close(): void;
}

/**
 * What to show while a copy runs. On a terminal one live line, for anything over a second; otherwise a plain line for each
 * object; with `-q` nothing. All of it goes to standard error.
 * @param verb what happens to an object, in the past: `pushed`, `pulled`
 */
export function progressOf(verb: string, options: GlobalOptions, context: Context): Progress {
  if (options.quiet || options.progress === false) return { clear() {}, close() {} };
  return context.terminal.stderr ? liveLine(verb, context) : plainLines(verb, context);
}

function plainLines(verb: string, context: Context): Progress {
  return {
    end: ({ digest, size }, sent) =>
      context.tell(`${shortHex(digest)}: ${sent ? `${verb} ${sizeInWords(size)}` : "already there"}\n`),
    clear() {},
    close() {},
  };
}

function liveLine(verb: string, context: Context): Progress {
  const started = context.now();
  // Where the bytes of each object under way are. By itself, not by its digest: of many repositories several may get one.
  const at = new Map<Descriptor, number>();
  let done = 0;
  let sent = 0;
  let total = 0;
  let shown = false;
  const draw = () => {
    if (context.now() - started < patience) return;
    shown = true;
    const seconds = (context.now() - started) / 1000;
    const rate = sizeInWords(Math.round(sent / seconds));
    context.tell(
      `\r\x1b[K${verb} ${sizeInWords(done)} of ${sizeInWords(total)}, ${rate}/s, ${at.size} under way`,
    );
  };
  const timer = setInterval(draw, interval);
  timer.unref();
  const clear = () => {
    if (shown) context.tell("\r\x1b[K");
    shown = false;
  };
  return {
    begin: (object) => {
      at.set(object, 0);
      total += object.size;
    },
    from: (object, offset) => {
      done += offset - (at.get(object) ?? 0);
      at.set(object, offset);
    },
    bytes: (object, count) => {
      done += count;
      sent += count;
      at.set(object, (at.get(object) ?? 0) + count);
    },
    end: (object) => void at.delete(object),
    clear,
    close: () => {
      clearInterval(timer);
      clear();
    },
  };
}
