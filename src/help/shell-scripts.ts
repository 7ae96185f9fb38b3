import type { Shell } from "./shells.js";

/**
 * What a shell runs once to know how to complete our command lines. Each asks the program for what may come next: a
 * candidate in each line, with a tab and a description behind it, or the line `:files`.
 */

const BASH = `_matrix_qr_login() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o default ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _matrix_qr_login matrix-qr-login
`;

const ZSH = `#compdef matrix-qr-login
_matrix_qr_login() {
  local line
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    candidates+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done < <("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'matrix-qr-login' candidates
}
if [[ $funcstack[1] == _matrix_qr_login ]]; then
  _matrix_qr_login
else
  compdef _matrix_qr_login matrix-qr-login
fi
`;

const FISH = `function __matrix_qr_login_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates ($words[1] completion fish -- $words[2..] 2>/dev/null)
    if contains -- :files $candidates
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $candidates
    end
end
complete -c matrix-qr-login -f -a '(__matrix_qr_login_complete)'
`;

export const SHELL_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
