package diagram

// camera is the data flow of a camera product.
func camera() *Graph {
	return &Graph{
		Prefix: "camera", Title: "Data flow of the camera", Desc: "Four trust boundaries, eleven elements.",
		Groups: []Group{{ID: "home", Label: "Home network 家用網路"}, {ID: "phone", Label: "Owner's phone 使用者手機"}, {ID: "cloud", Label: "Maker's cloud 製造商雲端"}, {ID: "net", Label: "Internet"}},
		Nodes: []Node{
			{ID: "sensor", Label: "Image sensor", Kind: External, Group: "home"},
			{ID: "cam", Label: "Camera firmware 攝影機韌體", Note: "LC-200 2.4.1", Group: "home", Class: "critical", Weight: 7},
			{ID: "conf", Label: "Settings and Wi-Fi key", Note: "flash, JFFS2", Kind: Store, Group: "home", Class: "major", Weight: 3},
			{ID: "sd", Label: "Recordings on the SD card", Kind: Store, Group: "home"},
			{ID: "owner", Label: "Owner", Kind: External},
			{ID: "app", Label: "Companion app", Group: "phone", Weight: 2, Class: "minor"},
			{ID: "token", Label: "Session token", Kind: Store, Group: "phone"},
			{ID: "api", Label: "Device API", Note: "MQTT, HTTPS", Group: "cloud", Class: "major", Weight: 4, Href: "#api"},
			{ID: "accounts", Label: "Accounts", Kind: Store, Group: "cloud"},
			{ID: "clips", Label: "Video clips", Kind: Store, Group: "cloud"},
			{ID: "update", Label: "Update server", Group: "cloud"},
			{ID: "ntp", Label: "Time server", Kind: External, Group: "net"},
			{ID: "stranger", Label: "Anybody on the Internet", Kind: Entry, Group: "net", Class: "critical"},
		},
		Edges: []Edge{
			{From: "sensor", To: "cam", Label: "frames"},
			{From: "cam", To: "conf", Label: "writes"},
			{From: "conf", To: "cam", Label: "reads", Back: true},
			{From: "cam", To: "sd", Label: "H.264, in the clear", Class: "open"},
			{From: "owner", To: "app", Label: "PIN"},
			{From: "app", To: "token"},
			{From: "app", To: "cam", Label: "RTSP, live picture", Class: "open major"},
			{From: "app", To: "api", Label: "HTTPS, account and clips"},
			{From: "api", To: "app", Label: "push messages", Back: true},
			{From: "cam", To: "api", Label: "MQTT over TLS: events 事件"},
			{From: "api", To: "accounts"},
			{From: "api", To: "clips", Label: "clips"},
			{From: "update", To: "cam", Label: "signed firmware", Back: true},
			{From: "cam", To: "ntp", Label: "NTP", Class: "open"},
			{From: "stranger", To: "cam", Label: "Telnet 23", Class: "critical"},
			{From: "cam", To: "cam", Label: "restart"},
		},
	}
}

// path is an attack in five steps.
func path() *Graph {
	return &Graph{
		Prefix: "path", Title: "Attack path 1", Desc: "From the Internet to the recordings in five steps.",
		Groups: []Group{{ID: "home", Label: "Home network"}},
		Nodes: []Node{
			{ID: "1", Label: "Attacker on the Internet", Kind: Entry},
			{ID: "2", Label: "Router forwards port 23", Group: "home", Kind: External},
			{ID: "3", Label: "Telnet with a password that every unit shares", Note: "T-014", Group: "home", Class: "critical", Weight: 2},
			{ID: "4", Label: "Root shell on the camera 攝影機的最高權限", Group: "home", Class: "major"},
			{ID: "5", Label: "Recordings", Note: "confidentiality", Kind: Asset, Group: "home", Class: "critical"},
		},
		Edges: []Edge{
			{From: "1", To: "2", Label: "1 scans"},
			{From: "2", To: "3", Label: "2 connects", Class: "open"},
			{From: "3", To: "4", Label: "3 logs in", Class: "critical"},
			{From: "4", To: "5", Label: "4 copies", Class: "major"},
		},
	}
}

func matrix() *Matrix {
	return &Matrix{
		Prefix: "risk", Title: "Risks by likelihood and impact", Desc: "Before and after treatment",
		Likelihood: "Likelihood 可能性", Impact: "Impact 衝擊",
		Likelihoods: [3]string{"low 低", "medium 中", "high 高"}, Impacts: [3]string{"low 低", "medium 中", "high 高"},
		Treated: true, Before: "before treatment", After: "after", Levels: [3]string{"minor 輕微", "major 重大", "critical 嚴重"},
		Cells: [3][3]Cell{
			{{4, 6, "minor"}, {2, 2, "minor"}, {1, 0, "major"}},
			{{3, 5, "minor"}, {5, 2, "major"}, {4, 1, "critical"}},
			{{0, 0, "major"}, {3, 1, "critical"}, {2, 0, "critical"}},
		},
	}
}
