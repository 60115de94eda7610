#compdef chartroom
# Completion of chartroom for zsh. `source <(chartroom completion zsh)` after compinit, or save it as _chartroom in a
# directory of $fpath.

_chartroom() {
  local line
  local -i directive=4
  local -a typed candidates suffix
  typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
  for line in "${(@f)$(${(Q)~words[1]} __complete "${typed[@]}" 2>/dev/null)}"; do
    case $line in
      :*) directive=${line#:} ;;
      # _describe takes the first colon for the end of the candidate.
      *$'\t'*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      ?*) candidates+=("${line//:/\\:}") ;;
    esac
  done
  ((directive & 2)) && suffix=(-S '')
  if (($#candidates)); then
    _describe -V candidate candidates "${suffix[@]}"
  elif ((directive == 0 || directive & 16)); then
    compset -P '*[=:]' # the file follows --option= or layout:
    if ((directive)); then _files -/; else _files; fi
  fi
}

# Loaded by compinit from $fpath, the file is the function's body; sourced, it names the function.
if [[ $funcstack[1] == _chartroom ]]; then
  _chartroom "$@"
else
  compdef _chartroom chartroom
fi
