import type { Context } from "./context.ts";
import type { Definition } from "./definition.ts";

/** A text of help that is no command's. */
export interface Topic {
  readonly intro: string;
  readonly sections: readonly {
    readonly title?: string;
    readonly rows: readonly (readonly [string, string])[];
  }[];
  readonly end?: string;
}

/** The topics, by the names that `chartroom help NAME` takes. Manual pages show them too. */
export const topics: Readonly<Record<"exit-codes" | "environment", Topic>> = {
  "exit-codes": {
    intro: "Exit codes are fixed; scripts may rely on them.",
    sections: [
      {
        rows: [
          ["0", "done, or already so"],
          ["1", "failed: not a chart, a broken archive, a full disk, a server's nonsense"],
          ["2", "usage: wrong arguments, unknown option, a reference that does not parse"],
          ["3", "not found: no such chart in the store or the registry, not logged in"],
          ["4", "not allowed: the registry wants another login"],
          ["5", "conflict: the tag holds another chart, a file would change, data in use"],
          ["6", "not verified: bytes differ from their digest or size"],
          ["7", "network: no such host, refused, timed out, certificate not trusted"],
          ["130", "interrupted: run it again to go on"],
        ],
      },
    ],
    end: 'With -o json an error is {"error": {"code", "message", "hint"}}, on stderr.',
  },
  environment: {
    intro: "Variables that chartroom reads. An option on the command line goes before each.",
    sections: [
      {
        title: "Store and logins",
        rows: [
          ["CHARTROOM_STORE", "the store's directory (--store)"],
          ["HELM_CACHE_HOME", "Helm's cache, where the store is by default"],
          ["XDG_CACHE_HOME", "the same, with /helm after it"],
          ["HELM_REGISTRY_CONFIG", "the file logins are kept in (--registry-config)"],
          ["HELM_CONFIG_HOME", "Helm's configuration, where that file is by default"],
          ["XDG_CONFIG_HOME", "the same, with /helm after it"],
          ["DOCKER_CONFIG", "Docker's directory: its config.json has logins too"],
          ["REGISTRY_AUTH_FILE", "the file of logins of Podman, Skopeo and Buildah, read too"],
          ["XDG_RUNTIME_DIR", "where that file is by default, below containers"],
          ["XDG_STATE_HOME", "where uploads to go on with are remembered, with /chartroom after it"],
          ["PATH", "where credential helpers are"],
          ["HELM_EXPERIMENTAL_OCI", "accepted, and changes nothing"],
          ["HOME", "where all of these are below by default; on Windows TEMP, APPDATA and LOCALAPPDATA"],
        ],
      },
      {
        title: "Registry",
        rows: [
          ["CHARTROOM_ADDR", "where to listen (--addr)"],
          ["CHARTROOM_DATA", "where its data is (--data)"],
          ["CHARTROOM_HTPASSWD", "who may enter (--htpasswd)"],
          ["CHARTROOM_TLS_CERT", "its certificate (--tls-cert)"],
          ["CHARTROOM_TLS_KEY", "and the key (--tls-key)"],
          ["XDG_DATA_HOME", "where its data is by default, with /chartroom/registry after it"],
          ["REGISTRY_*", "as CNCF Distribution reads them, such as REGISTRY_AUTH"],
          ["REGISTRY_CONFIGURATION_PATH", "its config.yml, where registry serve gets no other"],
        ],
      },
      {
        title: "Network",
        rows: [
          ["HTTP_PROXY", "the proxy for http, also in lower case"],
          ["HTTPS_PROXY", "the proxy for https, also in lower case"],
          ["ALL_PROXY", "the proxy for both, where those are not set"],
          ["NO_PROXY", "hosts that are reached without one"],
        ],
      },
      {
        title: "Terminal",
        rows: [
          ["CHARTROOM_COLOR", "auto, always or never (--color)"],
          ["NO_COLOR", "no colours, if not empty"],
          ["FORCE_COLOR", "colours, if neither empty nor 0"],
          ["CLICOLOR_FORCE", "the same"],
          ["TERM", "no colours, if dumb"],
        ],
      },
      {
        title: "Helm's plugin",
        rows: [
          ["HELM_PLUGIN_NAME", "set by Helm: chart, when it runs us as its plugin"],
          ["HELM_DEBUG", "then the same as --debug, which Helm keeps for itself"],
        ],
      },
    ],
  },
};

/** Define the topics as hidden commands: `chartroom help exit-codes`, `chartroom help environment`. */
export function addTopics(program: Definition, context: Context): void {
  for (const [name, topic] of Object.entries(topics)) {
    const command = program.createCommand(name).copyInheritedSettings(program).helpOption(false);
    command.helpInformation = () => textOf(topic, command);
    program.addCommand(
      command.action(() => context.write(command.helpInformation())),
      { hidden: true },
    );
  }
}

/** A topic as help shows it: the terms of all sections in one column, their texts beside them. */
function textOf({ intro, sections, end }: Topic, command: Definition): string {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: command.helpWidth() });
  const indent = Math.max(...sections.flatMap(({ rows }) => rows.map(([term]) => term.length)));
  const wrapped = (text: string) => help.boxWrap(text, command.helpWidth());
  const parts = sections.map(({ title, rows }) =>
    [
      ...(title === undefined ? [] : [title]),
      ...rows.map(([term, text]) => help.formatItem(term, indent, text, help)),
    ].join("\n"),
  );
  const paragraphs = [wrapped(intro), ...parts, ...(end === undefined ? [] : [wrapped(end)])];
  return `${paragraphs.join("\n\n")}\n`;
}
