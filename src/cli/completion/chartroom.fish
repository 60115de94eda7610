# Completion of chartroom for fish. `chartroom completion fish | source`, or save it as
# ~/.config/fish/completions/chartroom.fish.

function __chartroom_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l lines ($words[1] __complete $words[2..] "$typed" 2>/dev/null)
    set -l directive (string replace : '' -- $lines[-1])
    set -e lines[-1]
    if test (count $lines) -gt 0
        # A candidate that goes on ends in ":" and gets no blank after it from fish.
        printf '%s\n' $lines
    else if contains -- "$directive" 0 16
        # The file may follow --option= or layout:
        set -l before (string match -r -- '^.*[=:]' "$typed")
        set -l path (string replace -r -- '^.*[=:]' '' "$typed")
        test "$directive" = 16; and set -l only directories; or set -l only path
        __fish_complete_$only "$path" | while read -l each
            printf '%s%s\n' "$before" "$each"
        end
    end
end

complete -c chartroom -f -k -a '(__chartroom_complete)'
