import { Command } from "commander";
import type { Context } from "./context.ts";

const exitCodes = `Exit codes are fixed; scripts may rely on them.

    0  done, or already so
    1  failed: not a chart, a broken archive, a full disk, a server's nonsense
    2  usage: wrong arguments, unknown option, a reference that does not parse
    3  not found: no such chart in the store or the registry, not logged in
    4  not allowed: the registry wants another login
    5  conflict: the tag holds another chart, a file would change, data in use
    6  not verified: bytes differ from their digest or size
    7  network: no such host, refused, timed out, certificate not trusted
  130  interrupted: run it again to go on

With -o json an error is {"error": {"code", "message", "hint"}}, on stderr.
`;

const environment = `Variables that chartroom reads. An option on the command line goes before each.

Store and logins
  CHARTROOM_STORE          the store's directory (--store)
  HELM_CACHE_HOME          Helm's cache, where the store is by default
  XDG_CACHE_HOME           the same, with /helm after it
  HELM_REGISTRY_CONFIG     the file logins are kept in (--registry-config)
  HELM_CONFIG_HOME         Helm's configuration, where that file is by default
  XDG_CONFIG_HOME          the same, with /helm after it
  DOCKER_CONFIG            Docker's directory: its config.json has logins too
  HELM_EXPERIMENTAL_OCI    accepted, and changes nothing

Registry
  CHARTROOM_ADDR, CHARTROOM_DATA, CHARTROOM_HTPASSWD,
  CHARTROOM_TLS_CERT, CHARTROOM_TLS_KEY
                           as the options of "registry serve"
  XDG_DATA_HOME            where its data is, with /chartroom/registry after it
  REGISTRY_AUTH and others as CNCF Distribution reads them
  REGISTRY_CONFIGURATION_PATH
                           its config.yml, where "registry serve" gets no other

Network
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY
                           proxies, also in lower case

Terminal
  CHARTROOM_COLOR          auto, always or never (--color)
  NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM=dumb
                           as everywhere
`;

/** Texts that are no command's: `chartroom help exit-codes`, `chartroom help environment`. */
export function addTopics(program: Command, context: Context): void {
  for (const [name, text] of Object.entries({ "exit-codes": exitCodes, environment })) {
    const topic = new Command(name).helpOption(false).action(() => context.write(text));
    topic.helpInformation = () => text;
    program.addCommand(topic.copyInheritedSettings(program), { hidden: true });
  }
}
