// The page in which a dashboard is rendered: Splunk's own renderer with the Enterprise preset.
import React from 'react';
import { createRoot } from 'react-dom/client';
import DashboardCore from '@splunk/dashboard-core';
import { DashboardContextProvider } from '@splunk/dashboard-context';
import EnterpriseViewOnlyPreset from '@splunk/dashboard-presets/EnterpriseViewOnlyPreset';
import SplunkThemeProvider from '@splunk/themes/SplunkThemeProvider';
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';

window.dashboardSchema = () => createSchemaBasedOnPresets(EnterpriseViewOnlyPreset);

window.showDashboard = (definition, colorScheme) => {
    document.body.style.background = colorScheme === 'dark' ? '#171d21' : '#f2f4f5';
    createRoot(document.getElementById('dashboard')).render(
        <SplunkThemeProvider family="enterprise" colorScheme={colorScheme} density="comfortable">
            <DashboardContextProvider preset={EnterpriseViewOnlyPreset} initialDefinition={definition}>
                <DashboardCore width="100%" height="100%" />
            </DashboardContextProvider>
        </SplunkThemeProvider>
    );
};
