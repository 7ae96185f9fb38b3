/** Leaves the wording of errors as it is: a failure's code is a promise, how its sentence goes is not. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "wording",
    value: {
      shouldIgnore({ node, parentPath }) {
        const isText = node.type === "StringLiteral" || node.type === "TemplateLiteral";
        if (!isText || !parentPath) return undefined;
        return isSentence(node, parentPath.node) ? "The wording of an error is no promise." : undefined;
      },
    },
  },
];

const ERRORS = ["Failure", "Error", "TypeError", "RangeError"];
/** What sentences are called on their way to a failure, a warning or a program. */
const NAMES = ["message", "hint", "error"];

function isSentence(node, parent) {
  if (parent.type === "VariableDeclarator") return NAMES.includes(parent.id.name);
  if (parent.type === "ObjectProperty") return parent.value === node && NAMES.includes(parent.key.name);
  if (parent.type !== "NewExpression" || !ERRORS.includes(parent.callee.name)) return false;
  return parent.callee.name !== "Failure" || parent.arguments[0] !== node;
}
