package exchange

import "assay/internal/exchange/threagile"

// kindOfTechnology is what kind of component a technology of Threagile becomes
// (support/schema.json, technical_assets.*.technology). What isn't listed runs
// on a server: backend.
var kindOfTechnology = map[string]string{
	"iot-device": "device",
	"mobile-app": "app", "desktop": "app", "browser": "app", "client-system": "app", "devops-client": "app", "cli": "app",
	"gateway": "gateway",
}

// sure are the technologies that leave no doubt about the kind.
var sure = map[string]bool{
	"iot-device": true, "mobile-app": true, "desktop": true,
	"web-server": true, "web-application": true, "application-server": true, "database": true, "file-server": true,
	"erp": true, "cms": true, "web-service-rest": true, "web-service-soap": true, "ejb": true, "search-index": true,
	"search-engine": true, "service-registry": true, "reverse-proxy": true, "load-balancer": true, "build-pipeline": true,
	"sourcecode-repository": true, "artifact-registry": true, "code-inspection-platform": true, "monitoring": true,
	"ldap-server": true, "container-platform": true, "batch-processing": true, "identity-provider": true,
	"identity-store-ldap": true, "identity-store-database": true, "message-queue": true, "stream-processing": true,
	"service-mesh": true, "data-lake": true, "report-engine": true, "mail-server": true, "vault": true, "mainframe": true,
	"block-storage": true, "waf": true, "ids": true, "ips": true,
}

// unsure are the other technologies of the format: each may stand in a device
// as well as on a server.
var unsure = map[string]bool{
	"unknown-technology": true, "browser": true, "client-system": true, "devops-client": true, "cli": true, "gateway": true,
	"local-file-system": true, "event-listener": true, "tool": true, "task": true, "function": true, "ai": true, "hsm": true,
	"scheduler": true, "library": true,
}

// protocol is how a protocol of Threagile is written here.
type protocol struct {
	name      string
	encrypted bool
	plain     bool // the name here says as much as the one there
}

// protocols is the values of technical_assets.*.communication_links.*.protocol;
// which of them are encrypted is what pkg/types/protocol.go of Threagile says.
// An encrypted one without a name of its own is tls, the name that the rest of
// Assay takes for an encrypted channel.
var protocols = map[string]protocol{
	"http": {"http", false, true}, "https": {"https", true, true}, "ws": {"ws", false, true}, "wss": {"wss", true, true},
	"reverse-proxy-web-protocol": {"http", false, false}, "reverse-proxy-web-protocol-encrypted": {"https", true, false},
	"mqtt": {"mqtt", false, false}, // "Encryption via TLS is optional"
	"jdbc": {"jdbc", false, true}, "jdbc-encrypted": {"tls", true, false},
	"odbc": {"odbc", false, true}, "odbc-encrypted": {"tls", true, false},
	"sql-access-protocol": {"sql", false, false}, "sql-access-protocol-encrypted": {"tls", true, false},
	"nosql-access-protocol": {"nosql", false, false}, "nosql-access-protocol-encrypted": {"tls", true, false},
	"binary": {"tcp", false, false}, "binary-encrypted": {"tls", true, false},
	"text": {"tcp", false, false}, "text-encrypted": {"tls", true, false},
	"ssh": {"ssh", true, true}, "ssh-tunnel": {"ssh", true, false}, "sftp": {"sftp", true, true}, "scp": {"ssh", true, false},
	"smtp": {"smtp", false, true}, "smtp-encrypted": {"smtps", true, false},
	"pop3": {"pop3", false, true}, "pop3-encrypted": {"pop3s", true, false},
	"imap": {"imap", false, true}, "imap-encrypted": {"imaps", true, false},
	"ftp": {"ftp", false, true}, "ftps": {"ftps", true, true}, "ldap": {"ldap", false, true}, "ldaps": {"ldaps", true, true},
	"jms": {"jms", false, true}, "nfs": {"nfs", false, true}, "smb": {"smb", false, true}, "smb-encrypted": {"smb-encrypted", true, true},
	"nrpe": {"nrpe", false, true}, "xmpp": {"xmpp", false, true},
	"iiop": {"iiop", false, true}, "iiop-encrypted": {"tls", true, false},
	"jrmp": {"jrmp", false, true}, "jrmp-encrypted": {"tls", true, false},
	// Inside one machine: nothing that a network shows.
	"local-file-access": {"local-file-access", false, true}, "in-process-library-call": {"in-process-library-call", false, true},
	"inter-process-communication": {"inter-process-communication", false, true}, "container-spawning": {"container-spawning", false, true},
}

// authOf is how the authentication of a link is written here; false where it
// says less or something else than there.
func authOf(authentication string, encrypted bool) (auth string, exact bool) {
	switch authentication {
	case "none", "token":
		return authentication, true
	case "credentials":
		return "password", true
	case "client-certificate":
		if encrypted {
			return "mutual-tls", true
		}
		return "certificate", true
	case "session-id": // whoever has it, is it
		return "token", false
	}
	return authentication, false // two-factor, externalized: kept as they are
}

// categoryOf guesses the category of data. Threagile says how secret data are
// and whether they serve operation (devops) or business, not whether they are
// personal: what serves operation is security-sensitive, what serves business
// counts as personal, the side on which more is asked for.
func categoryOf(d threagile.DataAsset) (category string, guessed bool) {
	switch d.Confidentiality {
	case "public":
		return "public", false
	case "internal":
		return "telemetry", true
	}
	if d.Usage == "devops" {
		return "security-sensitive", true
	}
	return "sensitive-personal", true
}

// What becomes of a field of Threagile.
const (
	taken   = ""                     // translated; deviations have notes of their own
	inside  = "-"                    // looked into
	noPlace = "exchange.no-place"    // assay.yaml has nothing like it
	drawing = "exchange.drawing"     // concerns pictures and reports
	threats = "exchange.for-threats" // belongs to the threat model
)

// threagileFields is what becomes of each field, by its shape.
var threagileFields = map[string]string{
	"": inside, "threagile_version": taken, "includes": "exchange.includes", "title": taken, "date": noPlace,
	"author": "exchange.author", "contributors": noPlace, "management_summary_comment": drawing, "business_criticality": noPlace,
	"application_description": drawing, "business_overview": drawing, "technical_overview": drawing,
	"questions": inside, "questions.*": threats, "abuse_cases": inside, "abuse_cases.*": threats,
	"security_requirements": inside, "security_requirements.*": threats,
	"tags_available": noPlace, "shared_runtimes": inside, "shared_runtimes.*": noPlace,
	"individual_risk_categories": inside, "individual_risk_categories.*": threats,
	"custom_risk_categories": inside, "custom_risk_categories[]": threats, "risk_tracking": inside, "risk_tracking.*": threats,
	"diagram_tweak_suppress_edge_labels": drawing, "diagram_tweak_layout_left_to_right": drawing, "diagram_tweak_edge_layout": drawing,
	"diagram_tweak_nodesep": drawing, "diagram_tweak_ranksep": drawing,
	"diagram_tweak_invisible_connections_between_assets": drawing, "diagram_tweak_same_rank_assets": drawing,

	"data_assets": inside, "data_assets.*": inside, "data_assets.*.id": taken, "data_assets.*.description": taken,
	"data_assets.*.usage": taken, "data_assets.*.tags": noPlace, "data_assets.*.origin": noPlace, "data_assets.*.owner": noPlace,
	"data_assets.*.quantity": noPlace, "data_assets.*.confidentiality": taken, "data_assets.*.integrity": noPlace,
	"data_assets.*.availability": noPlace, "data_assets.*.justification_cia_rating": noPlace,

	"technical_assets": inside, "technical_assets.*": inside, "technical_assets.*.id": taken, "technical_assets.*.description": noPlace,
	"technical_assets.*.type": taken, "technical_assets.*.usage": noPlace, "technical_assets.*.used_as_client_by_human": taken,
	"technical_assets.*.out_of_scope": "exchange.out-of-scope", "technical_assets.*.justification_out_of_scope": noPlace,
	"technical_assets.*.size": noPlace, "technical_assets.*.technology": taken, "technical_assets.*.technologies": taken,
	"technical_assets.*.tags": noPlace, "technical_assets.*.internet": noPlace, "technical_assets.*.machine": noPlace,
	"technical_assets.*.encryption": taken, "technical_assets.*.owner": noPlace, "technical_assets.*.confidentiality": noPlace,
	"technical_assets.*.integrity": noPlace, "technical_assets.*.availability": noPlace,
	"technical_assets.*.justification_cia_rating": noPlace, "technical_assets.*.multi_tenant": noPlace,
	"technical_assets.*.redundant": noPlace, "technical_assets.*.custom_developed_parts": noPlace,
	"technical_assets.*.data_assets_processed": noPlace, "technical_assets.*.data_assets_stored": taken,
	"technical_assets.*.data_formats_accepted": noPlace, "technical_assets.*.raa": threats,
	"technical_assets.*.diagram_tweak_order": drawing,

	"technical_assets.*.communication_links": inside, "technical_assets.*.communication_links.*": inside,
	"technical_assets.*.communication_links.*.target": taken, "technical_assets.*.communication_links.*.description": taken,
	"technical_assets.*.communication_links.*.protocol": taken, "technical_assets.*.communication_links.*.authentication": taken,
	"technical_assets.*.communication_links.*.authorization": noPlace, "technical_assets.*.communication_links.*.tags": noPlace,
	"technical_assets.*.communication_links.*.vpn": noPlace, "technical_assets.*.communication_links.*.ip_filtered": noPlace,
	"technical_assets.*.communication_links.*.readonly": noPlace, "technical_assets.*.communication_links.*.usage": noPlace,
	"technical_assets.*.communication_links.*.data_assets_sent":         taken,
	"technical_assets.*.communication_links.*.data_assets_received":     taken,
	"technical_assets.*.communication_links.*.diagram_tweak_weight":     drawing,
	"technical_assets.*.communication_links.*.diagram_tweak_constraint": drawing,

	"trust_boundaries": inside, "trust_boundaries.*": inside, "trust_boundaries.*.id": taken, "trust_boundaries.*.description": noPlace,
	"trust_boundaries.*.type": noPlace, "trust_boundaries.*.tags": noPlace, "trust_boundaries.*.technical_assets_inside": taken,
	"trust_boundaries.*.trust_boundaries_nested": noPlace,
}
