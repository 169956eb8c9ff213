# Builds the installer for Windows. Called by the CI definition; it cannot be run elsewhere.
#
#   $env:SIGN_CERTIFICATE   a .pfx file; without it nothing is signed, and Windows warns whoever starts the installer
#   $env:SIGN_PASSWORD      its password
#   $env:SIGN_TIMESTAMP     the address of a time stamp server
param([string]$Python = "python")
$ErrorActionPreference = "Stop"
$Root = Resolve-Path (Join-Path $PSScriptRoot "..\..")
Set-Location $Root

function Invoke-Checked([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with $LASTEXITCODE" }
}

function Add-Signature([string[]]$Files) {
    if (-not $env:SIGN_CERTIFICATE) { return }
    $tool = Get-ChildItem "${env:ProgramFiles(x86)}\Windows Kits\10\bin\*\x64\signtool.exe" |
        Sort-Object FullName | Select-Object -Last 1
    if (-not $tool) { throw "There is a certificate, and no signtool: the Windows SDK is missing." }
    $arguments = @("sign", "/fd", "SHA256", "/f", $env:SIGN_CERTIFICATE, "/p", $env:SIGN_PASSWORD)
    if ($env:SIGN_TIMESTAMP) { $arguments += @("/tr", $env:SIGN_TIMESTAMP, "/td", "SHA256") }
    Invoke-Checked $tool.FullName ($arguments + $Files)
}

Invoke-Checked $Python @("packaging\make_package.py", "folder")
$Folder = Join-Path $Root "dist\appliance"
Add-Signature @((Join-Path $Folder "Interview Appliance.exe"), (Join-Path $Folder "appliance.exe"))

$Version = (& (Join-Path $Folder "appliance.exe") --version).Split(" ")[-1]
$Compiler = "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe"
Invoke-Checked $Compiler @("/Qp", "/DVersion=$Version", "/DFolder=$Folder", "/O$Root\dist",
    (Join-Path $PSScriptRoot "appliance.iss"))
$Installer = Join-Path $Root "dist\interview-appliance-$Version-windows.exe"
Add-Signature @($Installer)
Write-Output $Installer
