import type * as typed from "@commander-js/extra-typings";
import * as commander from "commander";

/**
 * Commander, with the types that infer the options of a command from their definitions. Only the types are needed:
 * at run time extra-typings hands out commander's own classes.
 */
export const { Argument, createCommand, Option } = commander as typeof typed;
