import type { ReadStream } from "node:tty";

/** Is told what is typed on a terminal. */
export interface KeyListener {
  /** One or more keys as text: control keys as control characters, an arrow key as its escape sequence. */
  typed(text: string): void;
  /** Nothing more will be typed. */
  ended(): void;
}

/**
 * Listen to the keys typed on a terminal, as they are typed: the terminal neither shows them nor makes a signal of Ctrl-C.
 * @returns what ends that and sets the terminal back; until it is called, a terminal that hangs up (SIGHUP) does the same
 */
export function listenToKeys(stdin: ReadStream, { typed, ended }: KeyListener): () => void {
  const decoder = new TextDecoder(); // a letter's bytes may come in two pieces
  const take = (bytes: Uint8Array) => typed(decoder.decode(bytes, { stream: true }));
  const close = () => {
    process.off("SIGHUP", hangUp);
    stdin.off("data", take).off("end", ended);
    stdin.pause();
    stdin.setRawMode(false);
  };
  // Without a listener the signal would end the process and leave the terminal mute. It is sent again, so that it still ends.
  const hangUp = () => {
    close();
    process.kill(process.pid, "SIGHUP");
  };
  process.on("SIGHUP", hangUp);
  stdin.setRawMode(true);
  stdin.on("data", take).on("end", ended);
  stdin.resume();
  return close;
}
