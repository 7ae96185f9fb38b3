import { testSignIns } from "./suite.js";

testSignIns("msc4388", "existing");
