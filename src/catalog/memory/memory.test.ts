import { catalogSuite } from "../catalog.suite.ts";
import { MemoryCatalog } from "./memory.ts";

catalogSuite("memory", async () => new MemoryCatalog());
