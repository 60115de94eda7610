#!/usr/bin/env bun
import { processContext } from "./cli/process.ts";
import { run } from "./cli/run.ts";

// Argv in, exit code out. The code is set, not exited with: what was written to a pipe still has to leave.
process.exitCode = await run(process.argv.slice(2), processContext());
