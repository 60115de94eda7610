import type { CopyProgress } from "../oci/copy.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, shortHex } from "../oci/digest.ts";
import type { Context, GlobalOptions } from "./context.ts";
import { sizeInWords } from "./words.ts";

/** Nothing is drawn before a transfer has taken this long: a quick one should just be done. */
const patience = 1000;
/** How often the line on a terminal is drawn again, in ms. */
const interval = 100;

/** Progress of a copy, for `with (using)`: `end` takes the line away again. */
export interface Progress extends CopyProgress {
  close(): void;
}

/**
 * What to show while a copy runs. On a terminal one live line, for anything over a second; otherwise a plain line for each
 * object; with `-q` nothing. All of it goes to standard error.
 * @param verb what happens to an object, in the past: `pushed`, `pulled`
 */
export function progressOf(verb: string, options: GlobalOptions, context: Context): Progress {
  if (options.quiet || options.progress === false) return { close() {} };
  return context.terminal.stderr ? liveLine(verb, context) : plainLines(verb, context);
}

function plainLines(verb: string, context: Context): Progress {
  return {
    end: ({ digest, size }, sent) =>
      context.tell(`${shortHex(digest)}: ${sent ? `${verb} ${sizeInWords(size)}` : "already there"}\n`),
    close() {},
  };
}

function liveLine(verb: string, context: Context): Progress {
  const started = context.now();
  const open = new Map<Digest, Descriptor>();
  const at = new Map<Digest, number>();
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
      `\r\x1b[K${verb} ${sizeInWords(done)} of ${sizeInWords(total)}, ${rate}/s, ${open.size} under way`,
    );
  };
  const timer = setInterval(draw, interval);
  timer.unref();
  return {
    begin: (object) => {
      open.set(object.digest, object);
      total += object.size;
    },
    from: ({ digest }, offset) => {
      done += offset - (at.get(digest) ?? 0);
      at.set(digest, offset);
    },
    bytes: ({ digest }, count) => {
      done += count;
      sent += count;
      at.set(digest, (at.get(digest) ?? 0) + count);
    },
    end: (object) => void open.delete(object.digest),
    close: () => {
      clearInterval(timer);
      if (shown) context.tell("\r\x1b[K");
    },
  };
}
