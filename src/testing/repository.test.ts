import { repositorySuite } from "../oci/repository.suite.ts";
import { MemoryRepository } from "./repository.ts";

repositorySuite("memory", async () => ({ repository: new MemoryRepository(), close: async () => {} }));
