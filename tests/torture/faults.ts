import { join } from "node:path";
import type { Bench, Registry } from "../bench.ts";

/** What a check of a registry's data finds wrong, while it serves; nothing may need repair. */
export async function faultsOf(bench: Bench, { folder }: Registry): Promise<string[]> {
  const args = ["registry", "check", "--data", join(folder, "data"), "-o", "json"];
  const { stdout, stderr } = await bench.run("chartroom", args);
  if (stdout === "") return [stderr];
  const { findings } = JSON.parse(stdout) as {
    findings: { level: string; where: string; message: string }[];
  };
  return findings
    .filter(({ level }) => level === "fault" || level === "warning")
    .map(({ level, where, message }) => `${level}: ${where}: ${message}`);
}
