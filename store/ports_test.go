package store

import (
	"github.com/abusedesk/abusedesk/auth"
	"github.com/abusedesk/abusedesk/desk"
	"github.com/abusedesk/abusedesk/workers"
)

// The ports that a Store satisfies without importing those who declare them.
var (
	_ desk.Store     = (*Store)(nil)
	_ workers.Jobs   = (*Store)(nil)
	_ workers.Upkeep = (*Store)(nil)
	_ auth.Store     = (*Store)(nil)
)
