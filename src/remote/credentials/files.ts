import { join } from "node:path";

/** A file that may hold logins. All have the format of Docker's `config.json`, or its older one. */
export interface CredentialFile {
  readonly path: string;
  /** Whose it is, for people. */
  readonly owner: string;
  /** Whether the file is the bare map that stands under `auths` today, as Docker's was before 1.7. */
  readonly bare?: boolean;
}

/** What decides where the files are. */
export interface CredentialPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly home: string;
  /** Helm's cache directory. */
  readonly cache: string;
  /** `--registry-config`. */
  readonly registryConfig?: string | undefined;
  /** The user's number, where the system has one. */
  readonly uid?: number | undefined;
}

/**
 * The files that logins are read from, in their order; the first is the only one that is written. It is `--registry-config`,
 * `$HELM_REGISTRY_CONFIG`, else Helm's own. Naming it hides none of the others: Helm's places of all versions, then Docker's,
 * then those of Podman and its kin (containers-auth.json(5)), of which `$REGISTRY_AUTH_FILE` takes the place of the rest.
 */
export function credentialFiles(place: CredentialPlace): readonly [CredentialFile, ...CredentialFile[]] {
  const { env, platform, home, cache } = place;
  const helm = helmConfig(place);
  const own = join(helm, "registry", "config.json");
  const named = place.registryConfig || env.HELM_REGISTRY_CONFIG;
  const first = { path: named || own, owner: named ? "named" : "Helm" };
  const others: CredentialFile[] = [
    { path: own, owner: "Helm" },
    { path: join(helm, "registry.json"), owner: "Helm 3.3 to 3.7" },
    { path: join(cache, "registry", "config.json"), owner: "Helm 3.0 to 3.2" },
    { path: join(env.DOCKER_CONFIG || join(home, ".docker"), "config.json"), owner: "Docker" },
    { path: join(home, ".dockercfg"), owner: "Docker before 1.7", bare: true },
    ...containersFiles(env, platform, home, place.uid ?? process.getuid?.()),
  ];
  const seen = new Set([first.path]);
  return [first, ...others.filter(({ path }) => !seen.has(path) && seen.add(path))];
}

function helmConfig({ env, platform, home }: CredentialPlace): string {
  if (env.HELM_CONFIG_HOME) return env.HELM_CONFIG_HOME;
  if (env.XDG_CONFIG_HOME) return join(env.XDG_CONFIG_HOME, "helm");
  if (platform === "win32") return join(env.APPDATA || join(home, "AppData", "Roaming"), "helm");
  return platform === "darwin" ? join(home, "Library", "Preferences", "helm") : join(home, ".config", "helm");
}

function containersFiles(
  env: CredentialPlace["env"],
  platform: NodeJS.Platform,
  home: string,
  uid: number | undefined,
): CredentialFile[] {
  const owner = "Podman";
  if (env.REGISTRY_AUTH_FILE) return [{ path: env.REGISTRY_AUTH_FILE, owner }];
  const runtime = env.XDG_RUNTIME_DIR || (uid === undefined ? undefined : `/run/containers/${uid}`);
  const folder = env.XDG_RUNTIME_DIR ? "containers" : "";
  const lasting = join(env.XDG_CONFIG_HOME || join(home, ".config"), "containers", "auth.json");
  return [
    ...(platform === "linux" && runtime !== undefined
      ? [{ path: join(runtime, folder, "auth.json"), owner }]
      : []),
    { path: lasting, owner },
  ];
}
