# Completion for mandorla: the program itself lists what may follow; where it lists nothing, file names do.
_mandorla() {
  local words=() word skip=0
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if ((skip)); then
      skip=0
    elif [[ $word == --dir ]]; then
      skip=1
    elif [[ $word != --json || ${#words[@]} -gt 0 ]]; then
      words+=("$word")
    fi
  done
  local IFS=$'\n'
  COMPREPLY=($(mandorla --complete "${words[@]}" 2>/dev/null))
}
complete -o default -F _mandorla mandorla
