import type { Command } from "commander";
import type { Context } from "./context.ts";

/** A command's work: its arguments, its options with the global ones, and the world. */
export type Action = (args: string[], options: never, context: Context) => Promise<void>;
/** Commands are loaded when they run: starting up costs the same however many there are. */
export type Load = () => Promise<Action>;
/** Adds a command to a group of them, or to the program. */
export type Add = (parent: Command, usage: string, summary: string, load: Load) => Command;
