import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const clients = process.env.CHARTROOM_CLIENTS ?? join(homedir(), ".cache/chartroom-clients");

/**
 * What `tools/clients` installs, by a path in its folder or by a command that Debian's packages put on PATH; and what only its user
 * can have, by a variable that names the binary.
 */
const places = {
  helm3: { file: "helm3/helm" },
  helm4: { file: "helm4/helm" },
  oras: { file: "oras/oras" },
  crane: { file: "crane/crane" },
  regctl: { file: "regctl/regctl" },
  distribution3: { file: "distribution3/registry" },
  conformance: { file: "conformance/conformance" },
  skopeo: { command: "skopeo" },
  umoci: { command: "umoci" },
  "docker-registry": { command: "docker-registry" },
  curl: { command: "curl" },
  nginx: { command: "nginx" },
  wrk: { command: "wrk" },
  taskset: { command: "taskset" },
  zot: { variable: "CHARTROOM_BENCH_ZOT" },
  chartmuseum: { variable: "CHARTROOM_CHARTMUSEUM" },
  "helm-cm-push": { variable: "CHARTROOM_CM_PUSH" },
  htpasswd: { command: "htpasswd" },
  openssl: { command: "openssl" },
  bash: { command: "bash" },
  zsh: { command: "zsh" },
  fish: { command: "fish" },
  mandoc: { command: "mandoc" },
  groff: { command: "groff" },
} as const satisfies Record<string, { file: string } | { command: string } | { variable: string }>;

/** A foreign program that interop tests play with. */
export type Program = keyof typeof places;

/** A foreign program's path, or undefined when it is not installed. */
export function find(program: Program): string | undefined {
  const place: { file?: string; command?: string; variable?: string } = places[program];
  const { file, command = "", variable } = place;
  const named = variable === undefined ? Bun.which(command) : process.env[variable];
  const path = file === undefined ? named : join(clients, file);
  return path && existsSync(path) ? path : undefined;
}

/** Our own binary. */
export const chartroom: string = join(import.meta.dir, "../dist/chartroom");
