; The installer for Windows, for Inno Setup 6.3 or newer. build.ps1 says /DVersion=… /DFolder=….
; For one user, without an administrator. The data stay when the program is removed: they are elsewhere.

#define Name "Interview Appliance"
#define Program "Interview Appliance.exe"

[Setup]
AppId={{6B5B5E0A-3B0C-4C52-9C55-0E7C7D2A9F31}
AppName={#Name}
AppVersion={#Version}
AppPublisher=Interview Appliance contributors
WizardStyle=modern
PrivilegesRequired=lowest
DefaultDirName={localappdata}\Programs\{#Name}
DisableProgramGroupPage=yes
DisableDirPage=auto
UsePreviousAppDir=yes
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
SetupIconFile={#Folder}\_internal\appliance.ico
UninstallDisplayIcon={app}\{#Program}
LicenseFile=..\..\LICENSE
OutputBaseFilename=interview-appliance-{#Version}-windows
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
; What runs is ended below, in an orderly way first.
CloseApplications=no

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "es"; MessagesFile: "compiler:Languages\Spanish.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.NoWebView=The part of Windows that draws the window (Microsoft Edge WebView2) is missing on this computer.%n%n{#Name} can be installed, and opens in the browser until WebView2 is there. Microsoft offers it as "WebView2 Runtime".
es.NoWebView=Falta en este equipo la parte de Windows que dibuja la ventana (Microsoft Edge WebView2).%n%n{#Name} se puede instalar, y se abre en el navegador mientras falte WebView2. Microsoft lo ofrece como "WebView2 Runtime".
de.NoWebView=Auf diesem Rechner fehlt der Teil von Windows, der das Fenster zeichnet (Microsoft Edge WebView2).%n%n{#Name} kann installiert werden und öffnet sich im Browser, bis WebView2 da ist. Microsoft bietet es als "WebView2 Runtime" an.
en.StillRuns={#Name} is still running and could not be ended. Please close it and try again.
es.StillRuns={#Name} sigue en marcha y no se pudo cerrar. Ciérrelo e inténtelo otra vez.
de.StillRuns={#Name} läuft noch und konnte nicht beendet werden. Bitte schließen Sie es und versuchen Sie es noch einmal.
en.DataStay=The program is removed. What people have answered stays in %1.
es.DataStay=El programa se ha quitado. Lo que se ha respondido queda en %1.
de.DataStay=Das Programm ist entfernt. Was beantwortet wurde, bleibt in %1.

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; What an older version carried and this one does not must not be found by it.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{autoprograms}\{#Name}"; Filename: "{app}\{#Program}"
Name: "{autodesktop}\{#Name}"; Filename: "{app}\{#Program}"; Tasks: desktopicon

[Registry]
; Windows knows types by the ends of names alone, so this is one of the programs that "Open with" offers for them.
Root: HKCU; Subkey: "Software\Classes\InterviewAppliance.Package"; ValueType: string; ValueData: "Interview package"; Flags: uninsdeletekey
Root: HKCU; Subkey: "Software\Classes\InterviewAppliance.Package\DefaultIcon"; ValueType: string; ValueData: "{app}\{#Program},0"
Root: HKCU; Subkey: "Software\Classes\InterviewAppliance.Package\shell\open\command"; ValueType: string; ValueData: """{app}\{#Program}"" open ""%1"""
Root: HKCU; Subkey: "Software\Classes\.zip\OpenWithProgids"; ValueType: none; ValueName: "InterviewAppliance.Package"; Flags: uninsdeletevalue
Root: HKCU; Subkey: "Software\Classes\.whl\OpenWithProgids"; ValueType: none; ValueName: "InterviewAppliance.Package"; Flags: uninsdeletevalue

; Starting at login is a setting of the program; without the program it is to go.
Root: HKCU; Subkey: "Software\Microsoft\Windows\CurrentVersion\Run"; ValueType: none; ValueName: "{#Name}"; Flags: uninsdeletevalue dontcreatekey

[Run]
Filename: "{app}\{#Program}"; Description: "{cm:LaunchProgram,{#Name}}"; Flags: nowait postinstall skipifsilent

[Code]
const
  WebView = '\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}';

function HasWebView: Boolean;
var
  Version: String;
begin
  Result := (RegQueryStringValue(HKLM, 'SOFTWARE\WOW6432Node' + WebView, 'pv', Version)
    or RegQueryStringValue(HKCU, 'Software' + WebView, 'pv', Version))
    and (Version <> '') and (Version <> '0.0.0.0');
end;

function InitializeSetup: Boolean;
begin
  Result := True;
  if not HasWebView then
    SuppressibleMsgBox(CustomMessage('NoWebView'), mbInformation, MB_OK, IDOK);
end;

function Running(const Image: String): Boolean;
var
  Status: Integer;
begin
  { tasklist says 0 in either case; find says whether the line is there }
  Exec(ExpandConstant('{cmd}'), '/C tasklist /NH /FI "IMAGENAME eq ' + Image + '" | find /I "' + Image + '"', '',
    SW_HIDE, ewWaitUntilTerminated, Status);
  Result := Status = 0;
end;

function AnyRunning: Boolean;
begin
  Result := Running('{#Program}') or Running('appliance.exe');
end;

procedure Ask(const Image, How: String);
var
  Status: Integer;
begin
  Exec(ExpandConstant('{sys}\taskkill.exe'), How + ' /IM "' + Image + '"', '', SW_HIDE, ewWaitUntilTerminated, Status);
end;

{ First the window is asked to close, which stops its server; what is left is ended. Answers are on disk, and a task that
  was cut off runs again at the next start. }
function StopWhatRuns: Boolean;
var
  Waited: Integer;
begin
  if AnyRunning then
  begin
    Ask('{#Program}', '');
    Waited := 0;
    while AnyRunning and (Waited < 30) do
    begin
      Sleep(1000);
      Waited := Waited + 1;
    end;
    if AnyRunning then
    begin
      Ask('{#Program}', '/F /T');
      Ask('appliance.exe', '/F /T');
      Sleep(1000);
    end;
  end;
  Result := not AnyRunning;
end;

function PrepareToInstall(var NeedsRestart: Boolean): String;
begin
  Result := '';
  if not StopWhatRuns then
    Result := CustomMessage('StillRuns');
end;

function InitializeUninstall: Boolean;
begin
  Result := StopWhatRuns;
  if not Result then
    SuppressibleMsgBox(CustomMessage('StillRuns'), mbError, MB_OK, IDOK);
end;

procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
begin
  if CurUninstallStep = usPostUninstall then
    SuppressibleMsgBox(FmtMessage(CustomMessage('DataStay'), [ExpandConstant('{localappdata}\interview-appliance')]),
      mbInformation, MB_OK, IDOK);
end;
