import type { FileSystem } from "../files/filesystem.ts";
import type { KeyListener } from "./keys.ts";

/** What a command may use of the world: nothing in `cli/` reaches for `process` but `main.ts`, which makes one of these. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  /** The file system that the store and the logins are on. */
  readonly fs: FileSystem;
  /** Data, on standard output. Text is written as it is: the caller ends its lines. */
  write(text: string): void;
  /** Messages, prompts, progress and warnings, on standard error. */
  tell(text: string): void;
  /** Which of the standard streams are a terminal. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** How wide the terminal on standard output is; undefined where it is none. */
  readonly columns: number | undefined;
  /** Standard input to its end, as bytes; fails when `signal` is aborted meanwhile. */
  readInput(): Promise<Uint8Array>;
  /** Keys of the terminal on standard input, unseen, until the returned function is called; only where it is a terminal. */
  listenToKeys(listener: KeyListener): () => void;
  /**
   * Begin the program anew with this environment, in the same process and with the same arguments, and nothing open but the standard
   * streams. Does not return, unless that cannot be done.
   */
  restart(env: Context["env"]): void;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Now, ms since 1970. */
  now(): number;
}

/** The options that every command has. */
export interface GlobalOptions {
  /** `-o json`, else what a person reads. */
  readonly output?: "json" | "table";
  readonly quiet?: boolean;
  readonly color?: string;
  /** False with `--no-progress`. */
  readonly progress?: boolean;
  /** False with `--no-input`. */
  readonly input?: boolean;
  readonly debug?: boolean;
  readonly plainHttp?: boolean;
  readonly insecureSkipTlsVerify?: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly registryConfig?: string;
}
