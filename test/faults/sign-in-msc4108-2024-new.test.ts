import { testSignIns } from "./suite.js";

testSignIns("msc4108-2024", "new");
