# Completion of chartroom for PowerShell: chartroom completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName 'chartroom' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words that end before the cursor, and the one that it stands in or after.
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    if ($elements[-1].Extent.EndOffset -lt $cursorPosition) {
        # PowerShell before 7.3 leaves empty words out unless they are quoted twice.
        $words += if ($PSVersionTable.PSVersion -lt [version]'7.3') { '""' } else { '' }
    }

    $lines = @(& $elements[0].Extent.Text __complete @words 2>$null)
    $directive = 4
    $offered = foreach ($line in $lines) {
        if ($line.StartsWith(':')) { $directive = [int]$line.Substring(1); continue }
        $value, $description = $line -split "`t", 2
        if (-not $description) { $description = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
    # Without an answer PowerShell offers files.
    if ($offered) { $offered } elseif ($directive -band 4) { '' }
}
