package store

// campaignRules: every wording is read once it waits, and scripts that are alike
// are in one campaign.
var campaignRules = []invariant{
	{rule: "a wording that waits has a job", query: `SELECT 'report ' || CAST(d.report_id AS text) AS object, 'nobody will read it' AS detail
		FROM script_dues d WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'campaigns' AND ` + openJob + `)`},
	{rule: "a campaign is part of one that is its own", query: `SELECT 'campaign ' || CAST(c.id AS text) AS object, 'part of ' || CAST(c.root_id AS text) AS detail
		FROM campaigns c JOIN campaigns r ON r.id = c.root_id WHERE r.root_id <> r.id OR r.id > c.id OR (c.root_id <> c.id) <> (c.united_at IS NOT NULL)`},
	{rule: "a campaign counts its scripts", query: `SELECT 'campaign ' || CAST(r.id AS text) AS object, CAST(r.scripts AS text) || ' counted, ' || CAST(count(s.report_id) AS text) || ' there' AS detail
		FROM campaigns r JOIN campaigns c ON c.root_id = r.id LEFT JOIN scripts s ON s.campaign_id = c.id WHERE r.root_id = r.id
		GROUP BY r.id, r.scripts HAVING r.scripts <> count(s.report_id)`},
	{rule: "a script is in the campaign of what it is like", query: `SELECT 'report ' || CAST(s.report_id AS text) AS object, 'like report ' || CAST(s.like_report AS text) || ', in another campaign' AS detail
		FROM scripts s JOIN campaigns c ON c.id = s.campaign_id LEFT JOIN scripts o ON o.report_id = s.like_report LEFT JOIN campaigns p ON p.id = o.campaign_id
		WHERE s.like_report <> 0 AND (p.root_id IS NULL OR p.root_id <> c.root_id)`},
	{rule: "a key is of a script", query: `SELECT 'report ' || CAST(k.report_id AS text) AS object, 'has keys and no script' AS detail
		FROM script_keys k LEFT JOIN scripts s ON s.report_id = k.report_id WHERE s.report_id IS NULL`},
}
