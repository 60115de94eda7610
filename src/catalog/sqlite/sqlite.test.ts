import { catalogSuite } from "../catalog.suite.ts";
import { freshCatalogs } from "../fresh.suite.ts";
import { openSqliteCatalog } from "./sqlite.ts";

const fresh = freshCatalogs();

catalogSuite("sqlite", async () => openSqliteCatalog(await fresh()));
