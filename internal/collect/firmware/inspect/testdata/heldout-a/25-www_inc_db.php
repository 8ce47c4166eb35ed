<?php
define('DB_USER', 'web');
define('DB_PASSWORD', '7NxHhArsKm');
$dbpass = "NhDPK8B1q";
$conn = mysqli_connect("localhost", "web", "bBR8N5yyVi", "cam");
$password = $_POST['password'];
if ($password == '') { echo "Password required"; }
