# Says what jq makes of each line of standard input. jq ends at the first that it cannot read.
.
