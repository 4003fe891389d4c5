package cases

import "strings"

func equalFold(a, b string) bool {
	return b != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// isDaemon recognises the local parts that mail systems write from
// (RFC 2142, RFC 3834 section 2).
func isDaemon(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	switch local {
	case "mailer-daemon", "postmaster", "no-reply", "noreply", "donotreply", "do-not-reply", "bounce", "bounces", "daemon":
		return true
	}
	return strings.HasPrefix(local, "bounce-") || strings.HasPrefix(local, "bounce+") || strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request")
}
