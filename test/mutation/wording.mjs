/** Leaves the wording of errors as it is: a failure's code is a promise, how its sentence goes is not. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "wording",
    value: {
      shouldIgnore({ node, parentPath }) {
        const isText = node.type === "StringLiteral" || node.type === "TemplateLiteral";
        const thrown = parentPath?.node;
        if (!isText || thrown?.type !== "NewExpression") return undefined;
        const isError = ["Failure", "Error", "TypeError", "RangeError"].includes(thrown.callee.name);
        const isCode = thrown.callee.name === "Failure" && thrown.arguments[0] === node;
        return isError && !isCode ? "The wording of an error is no promise." : undefined;
      },
    },
  },
];
