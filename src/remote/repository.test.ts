import { Transport } from "../http/transport.ts";
import { tryRepositoryName } from "../oci/reference.ts";
import { repositorySuite } from "../oci/repository.suite.ts";
import { testRegistry } from "../testing/registry.ts";
import { openRemote } from "./open.ts";

repositorySuite("remote", async () => {
  const registry = testRegistry();
  const transport = new Transport({ userAgent: "test" });
  const repository = openRemote(
    { registry: registry.host, repository: tryRepositoryName("my/repo")! },
    { transport },
  );
  return { repository, close: () => registry.stop() };
});
