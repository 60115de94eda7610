# Completion of chartroom for bash. `source <(chartroom completion bash)`, or save it as
# ~/.local/share/bash-completion/completions/chartroom.

_chartroom() {
  # Bash cuts words at the colons of references and at "=" (COMP_WORDBREAKS): what no blank separates is put together again.
  local rest=${COMP_LINE:0:COMP_POINT} piece i words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
      rest=${rest#"${rest%%[![:space:]]*}"}
      words+=("")
    fi
    piece=${COMP_WORDS[i]}
    [[ $rest == "$piece"* ]] || piece=$rest # the cursor is inside the word
    words[${#words[@]} - 1]+=$piece
    rest=${rest:${#piece}}
  done
  local typed=${words[${#words[@]} - 1]}

  local line directive=4 candidates=()
  while IFS= read -r line; do
    case $line in
      :*) directive=${line#:} ;;
      *) candidates+=("${line%%$'\t'*}") ;;
    esac
  done < <("${1/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)

  # Bash replaces only what follows the last place where it cuts.
  local cut=${typed%"${typed##*[$COMP_WORDBREAKS]}"}
  COMPREPLY=("${candidates[@]#"$cut"}")
  ((directive & 2)) && compopt -o nospace
  ((directive & 4)) && compopt +o default
  ((directive & 16)) && compopt +o default -o dirnames
  return 0
} 2>/dev/null # bash before 4 has no compopt, and offers files too

complete -o default -F _chartroom chartroom
